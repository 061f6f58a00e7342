// tokenvend in a CDK stack: the release's own template as a nested stack, with parameters of yours.
//
// Copy the release to a bucket first (docs/deploying.md).
import { App, CfnOutput, CfnStack, Fn, Stack } from 'aws-cdk-lib';

const bucket = process.env.TOKENVEND_BUCKET ?? 'my-releases';
const prefix = process.env.TOKENVEND_PREFIX ?? 'tokenvend-0.1.0/';

const app = new App();
const stack = new Stack(app, 'platform');

const tokenvend = new CfnStack(stack, 'Tokenvend', {
  templateUrl: `https://${bucket}.s3.${stack.region}.${stack.urlSuffix}/${prefix}template.yaml`,
  parameters: {
    ArtifactBucket: bucket,
    ArtifactPrefix: prefix,
    ConsentPages: 'true',
    AlarmTopicArn: '',
  },
});

// What callers ask, what operators attach, and what the command takes as --stack.
new CfnOutput(stack, 'ApiUrl', { value: tokenvend.getAtt('Outputs.VendingApiUrl').toString() });
new CfnOutput(stack, 'RegistryWriterPolicyArn', {
  value: tokenvend.getAtt('Outputs.RegistryWriterPolicyArn').toString(),
});
new CfnOutput(stack, 'StackName', { value: Fn.select(1, Fn.split('/', tokenvend.ref)) });

app.synth();
