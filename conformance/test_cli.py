"""The AWS CLI as a newcomer uses it: every `aws secretsmanager` command of the brief but the rotation one, as written."""
import json, pathlib, re, subprocess

import pytest

BRIEF = pathlib.Path(__file__).resolve().parent / "brief_commands.txt"


def run(server, command):
    done = subprocess.run(["bash", "-c", command], env=server.cli_environment(), capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def aws(server, arguments):
    code, out, err = run(server, "aws " + arguments)
    assert code == 0, err
    return json.loads(out) if out.strip() else None


def test_the_briefs_commands_run_as_written(server):
    commands = [command for command in re.split(r"\n(?=aws )", BRIEF.read_text().strip())]
    assert len(commands) == 4
    made = None
    for command in commands:
        if made and "EXAMPLE11111" in command:
            command = command.replace("a1b2c3d4-5678-90ab-cdef-EXAMPLE11111", made["VersionId"])
        code, out, err = run(server, command)
        assert code == 0, (command, err)
        answer = json.loads(out) if out.strip() else {}
        made = made or answer
    described = aws(server, "secretsmanager describe-secret --secret-id prod/myapp/mysql")
    assert {tag["Key"]: tag["Value"] for tag in described["Tags"]} == {"Environment": "Production", "Application": "MyApp"}
    assert described["Description"] == "MySQL credentials for production MyApp"


def test_the_briefs_rotation_command_says_what_aws_says_of_a_function_that_is_not_there(server):
    code, _, err = run(server, """aws secretsmanager rotate-secret --secret-id prod/myapp/mysql
        --rotation-lambda-arn arn:aws:lambda:us-east-1:123456789012:function:MyRotationFunction
        --rotation-rules '{"ScheduleExpression": "cron(0 16 1,15 * ? *)", "Duration": "2h"}'""".replace("\n", " "))
    assert code != 0 and "AccessDeniedException" in err and "cannot invoke the specified Lambda function" in err
    assert "RotationEnabled" not in aws(server, "secretsmanager describe-secret --secret-id prod/myapp/mysql")


def test_the_briefs_python_reads_the_secret(server):
    program = '''
import boto3, json
from botocore.exceptions import ClientError
session = boto3.session.Session()
client = session.client(service_name='secretsmanager', region_name='us-east-1')
response = client.get_secret_value(SecretId='prod/myapp/mysql')
assert 'SecretString' in response
print(json.loads(response['SecretString'])['password'])
try:
    client.get_secret_value(SecretId='missing')
except client.exceptions.ResourceNotFoundException as e:
    print(e.response['Error']['Message'])
'''
    code, out, err = run(server, f"python3 - <<'E'\n{program}\nE")
    assert code == 0, err
    assert out.split("\n")[:2] == ["t0p-s3cr3t", "Secrets Manager can't find the specified secret."]


def test_who_am_i(server):
    identity = aws(server, "sts get-caller-identity")
    assert identity == {"UserId": "123456789012", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root"}


def test_a_wrong_secret_key_and_an_unknown_key_are_told_apart_as_aws_does(server):
    code, _, err = run(server, "AWS_SECRET_ACCESS_KEY=wrong aws secretsmanager list-secrets")
    assert code != 0 and "InvalidSignatureException" in err
    code, _, err = run(server, "AWS_ACCESS_KEY_ID=AKIAUNKNOWN aws secretsmanager list-secrets")
    assert code != 0 and "UnrecognizedClientException" in err
    code, _, err = run(server, "AWS_SECRET_ACCESS_KEY=wrong aws sts get-caller-identity")
    assert code != 0 and "SignatureDoesNotMatch" in err
    code, _, err = run(server, "AWS_ACCESS_KEY_ID=AKIAUNKNOWN aws sts get-caller-identity")
    assert code != 0 and "InvalidClientTokenId" in err
    code, _, err = run(server, "AWS_SESSION_TOKEN=forged aws secretsmanager list-secrets")
    assert code != 0 and "UnrecognizedClientException" in err


def test_a_presigned_identity_request_answers(server):
    import urllib.request
    url = server.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    assert b"<Account>123456789012</Account>" in urllib.request.urlopen(url).read()


def test_audit_tail_shows_each_call_once_and_the_chain_holds(server):
    answer = server.client().describe_secret(SecretId="prod/myapp/mysql")
    request_id = answer["ResponseMetadata"]["RequestId"]
    from conftest import BINARY
    lines = subprocess.run([BINARY, "audit", "tail", "-n", "100000", "--data-dir", server.data_dir], capture_output=True, text=True).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    mine = [event for event in events if event["requestID"] == request_id]
    assert [event["eventName"] for event in mine] == ["DescribeSecret"]
    assert len({event["eventID"] for event in events}) == len(events)
    verified = subprocess.run([BINARY, "audit", "verify", "--data-dir", server.data_dir], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stderr
