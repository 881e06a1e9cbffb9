import * as path from 'path';
import * as cdk from 'aws-cdk-lib';
import * as apigw from 'aws-cdk-lib/aws-apigateway';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export class DualAuthApiStack extends cdk.Stack {
  constructor(scope: Construct, id: string, userPool: cognito.IUserPool, props?: cdk.StackProps) {
    super(scope, id, props);

    // As careful teams set their functions up: what fails is kept, and nothing runs away.
    const authorizerFn = new lambda.Function(this, 'ApiAuthorizer', {
      functionName: 'ApiAuthorizer',
      runtime: lambda.Runtime.PYTHON_3_11,
      handler: 'authorizer.handler',
      code: lambda.Code.fromAsset(path.join(__dirname, '..', 'authorizer')),
      timeout: cdk.Duration.seconds(30),
      environment: { USER_POOL_ID: userPool.userPoolId, REGION: this.region },
      deadLetterQueue: new sqs.Queue(this, 'ApiAuthorizer-DLQ', {
        queueName: 'ApiAuthorizer-dlq',
        retentionPeriod: cdk.Duration.days(14),
      }),
      reservedConcurrentExecutions: 10,
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      maxEventAge: cdk.Duration.hours(6),
      retryAttempts: 2,
    });
    authorizerFn.addToRolePolicy(new iam.PolicyStatement({
      effect: iam.Effect.ALLOW,
      actions: ['cognito-idp:DescribeUserPool'],
      resources: [`arn:aws:cognito-idp:${this.region}:${this.account}:userpool/*`],
    }));

    const resourcesFn = new lambda.Function(this, 'ResourcesFunction', {
      runtime: lambda.Runtime.PYTHON_3_11,
      handler: 'resources.handler',
      code: lambda.Code.fromAsset(path.join(__dirname, '..', 'lambda')),
    });

    const api = new apigw.RestApi(this, 'DualAuthApi', { cloudWatchRole: false });
    const authorizer = new apigw.TokenAuthorizer(this, 'DualAuthorizer', {
      handler: authorizerFn,
      resultsCacheTtl: cdk.Duration.minutes(5),
    });
    const resources = api.root.addResource('resources');
    const options: apigw.MethodOptions = { authorizer, authorizationType: apigw.AuthorizationType.CUSTOM };
    for (const method of ['GET', 'POST', 'DELETE']) {
      resources.addMethod(method, new apigw.LambdaIntegration(resourcesFn), options);
    }
  }
}
