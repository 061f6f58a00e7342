"""The floor, as a whole process: boto3, two clients, one GetItem, one Decrypt.

`python first_calls.py TABLE KEY KEY_ARN CONTEXT`
"""

import json
import sys

import boto3

table, key, key_arn, context = sys.argv[1:]
dynamodb = boto3.client("dynamodb")
kms = boto3.client("kms")
item = dynamodb.get_item(TableName=table, Key={"pk": {"S": key}})["Item"]
opened = kms.decrypt(
    CiphertextBlob=item["wrapped_key"]["B"], KeyId=key_arn, EncryptionContext=json.loads(context)
)
print(len(opened["Plaintext"]))
