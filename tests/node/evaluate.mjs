// Decides requests by policies: {policies: {role: [document]}, requests: [{role, action, resource,
// context}]} from standard input; the decision of each request, in order, as JSON.
import { runSimulation } from '@cloud-copilot/iam-simulate'
import { text } from 'node:stream/consumers'

// The evaluator knows keys with a variable part only where a slash begins that part. An encryption
// context's key has a colon, so a tag of the request, of which IAM takes any, stands in for it.
const input = (await text(process.stdin)).replaceAll(
  'kms:EncryptionContext:tokenvend:',
  'aws:RequestTag/context-',
)
const { account, policies, requests } = JSON.parse(input)
const decisions = []
for (const { role, action, resource, context } of requests) {
  const result = await runSimulation(
    {
      request: {
        action,
        principal: `arn:aws:iam::${account}:role/${role}`,
        resource: { accountId: account, resource },
        contextVariables: context,
      },
      identityPolicies: policies[role].map((policy, index) => ({ name: `${role}-${index}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      // A key's own policy lets the account decide by its policies.
      ...(action.startsWith('kms:') && {
        resourcePolicy: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
          ],
        },
      }),
    },
    {},
  )
  // A key that AWS does not send for this action would make a condition pass or fail for nothing.
  const ignored = result.result?.ignoredContextKeys ?? []
  decisions.push({ decision: result.overallResult ?? result.resultType, ignored, errors: result.errors ?? null })
}
process.stdout.write(JSON.stringify(decisions))
