# tokenvend by Terraform: the release's own template, as one CloudFormation stack.
#
# Copy the release to the bucket first (docs/deploying.md).

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "bucket" {
  description = "The S3 bucket, in this Region, that the release was copied to."
  type        = string
}

variable "prefix" {
  description = "Where in the bucket it is."
  type        = string
  default     = "tokenvend-0.1.0/"
}

data "aws_s3_bucket" "releases" {
  bucket = var.bucket
}

resource "aws_cloudformation_stack" "tokenvend" {
  name         = "tokenvend"
  template_url = "https://${data.aws_s3_bucket.releases.bucket_regional_domain_name}/${var.prefix}template.yaml"
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]

  parameters = {
    ArtifactBucket = var.bucket
    ArtifactPrefix = var.prefix
    ConsentPages   = "true"
    AlarmTopicArn  = ""
  }
}

output "api_url" {
  description = "What callers ask."
  value       = aws_cloudformation_stack.tokenvend.outputs["VendingApiUrl"]
}

output "registry_writer_policy_arn" {
  description = "For whoever runs tokenvend plan and apply."
  value       = aws_cloudformation_stack.tokenvend.outputs["RegistryWriterPolicyArn"]
}
