"""The parity suite against a real cluster of Amazon Redshift: `tests.test_parity` and `tests.test_normalisation`.

    TEST_LIVE_WAREHOUSE='redshift://WORKGROUP.ACCOUNT.REGION.redshift-serverless.amazonaws.com/dev?auth=iam' \\
    TEST_LIVE_STAGING=s3://BUCKET/staging/ \\
    TEST_LIVE_DATA=s3://BUCKET/live-tests/ \\
    pytest tests/live

Without all three everything here is skipped. See README.md beside this file for what that takes, makes and costs.
"""
