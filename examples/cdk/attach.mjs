// The right to ask one tokenvend as one caller, for a function of yours.
import { App, ArnFormat, CfnOutput, Stack, aws_iam as iam, aws_lambda as lambda } from 'aws-cdk-lib';

const vendFunction = process.env.VEND_FUNCTION ?? 'tokenvend-VendDirectFunction-EXAMPLE';
const caller = process.env.CALLER ?? 'jobs-queue';

const app = new App();
const stack = new Stack(app, 'jobs');

const worker = new lambda.Function(stack, 'Worker', {
  runtime: lambda.Runtime.PYTHON_3_13,
  handler: 'index.handler',
  code: lambda.Code.fromInline('def handler(event, context):\n    return None\n'),
  environment: { TOKENVEND_FUNCTION: `${vendFunction}:${caller}` },
});

// Not grantInvoke: that lets a function invoke every alias.
worker.addToRolePolicy(new iam.PolicyStatement({
  sid: 'ItsOwnAliasAndNoOther',
  actions: ['lambda:InvokeFunction'],
  resources: [stack.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: `${vendFunction}:${caller}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })],
}));

// For `direct.principals` of the caller in tokenvend.yaml.
new CfnOutput(stack, 'RoleArn', { value: worker.role.roleArn });

app.synth();
