"""What holds on the stand-in holds on the cluster: the same tests, with another fixture `cluster`."""

from tests.test_normalisation import (  # noqa: F401
    engines,
    test_any_text,
    test_every_character_that_has_a_lower_case,
    test_every_name_of_a_simulated_company,
    test_every_name_of_the_public_data,
    test_every_text_of_the_properties,
    test_white_space_is_six_characters_and_no_others,
)
from tests.test_parity import (  # noqa: F401
    company,
    loaded,
    test_a_bad_record_copied_in_place_fails_a_strict_load,
    test_a_history_loaded_run_by_run,
    test_a_simulated_company_is_the_same,
    test_bad_records_copied_in_place_are_set_aside,
    test_clean_logs_copied_in_place_are_never_fetched,
    test_copy_bends_no_value,
    test_named_queries_answer_the_same,
    test_staging_of_logs_copied_in_place_equals_the_reference,
    test_the_examples_of_the_design,
    test_the_public_data,
    test_what_the_rules_say_holds_on_redshift,
)

pytest_plugins = ("tests.engines",)
