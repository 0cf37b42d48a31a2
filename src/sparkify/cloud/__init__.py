"""The Amazon Redshift stack of the project: one CloudFormation stack, made, shown and removed by `sparkify cloud`.

commands   the command line, mounted by the main one
plan       what is wanted, checked before AWS is asked
template   the plan as a CloudFormation template
network    the plan's subnets and VPC, found where they were not named
deploy     make or change the stack          status    look at it          destroy    remove it
stack      CloudFormation                    serverless    Redshift Serverless          staging    the bucket
access     credentials, clients, and AWS's errors in one line          prices    what an RPU-hour costs
"""
