# The right to ask one tokenvend as one caller, for the role of a function that Terraform makes.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "vend_function" {
  description = "The output VendDirectFunctionName of your tokenvend."
  type        = string
}

variable "caller" {
  description = "The caller's name in tokenvend.yaml, which is its alias."
  type        = string
}

variable "role_name" {
  description = "The role of your function."
  type        = string
}

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  account = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
}

data "aws_iam_policy_document" "caller" {
  statement {
    sid       = "ItsOwnAliasAndNoOther"
    effect    = "Allow"
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:${data.aws_partition.current.partition}:lambda:${local.account}:function:${var.vend_function}:${var.caller}"]
  }
}

resource "aws_iam_role_policy" "caller" {
  name   = "tokenvend-caller"
  role   = var.role_name
  policy = data.aws_iam_policy_document.caller.json
}

output "tokenvend_function" {
  description = "The function's variable TOKENVEND_FUNCTION."
  value       = "${var.vend_function}:${var.caller}"
}
