"""Change the secrets and what rotates them by hand, as a person in the console might."""

import json
import os

import boto3

session = boto3.Session(region_name=os.environ["AWS_REGION"])
SECRET = f"notejam-sandbox-{os.environ['AWS_REGION']}"
FUNCTION = "notejam-sandbox-rotate"

manager = session.client("secretsmanager")
manager.cancel_rotate_secret(SecretId=f"{SECRET}/django")
manager.delete_resource_policy(SecretId=f"{SECRET}/django")
manager.untag_resource(SecretId=f"{SECRET}/database", TagKeys=["platform:purpose"])

# Send the application to a database that is not there.
value = json.loads(manager.get_secret_value(SecretId=f"{SECRET}/database")["SecretString"])
moved = json.dumps({**value, "host": "elsewhere.example.org"})
manager.put_secret_value(SecretId=f"{SECRET}/database", SecretString=moved)

functions = session.client("lambda")
functions.remove_permission(FunctionName=f"{FUNCTION}-database", StatementId="SecretsManagerRotates")
functions.update_function_configuration(FunctionName=f"{FUNCTION}-django", Environment={"Variables": {}})

# Keep the logs for ever, and let the function read every secret.
session.client("logs").delete_retention_policy(logGroupName=f"/aws/lambda/{FUNCTION}-database")
everything = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
session.client("iam").put_role_policy(
    RoleName=f"{FUNCTION}-django-{os.environ['AWS_REGION']}",
    PolicyName="rotate",
    PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
)
