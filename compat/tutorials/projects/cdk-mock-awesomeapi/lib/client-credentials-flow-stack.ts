import * as cdk from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { CognitoStack } from './cognito-stack';
import { ApiGatewayStack } from './apigateway-stack';

// Only a name around the two stacks that have resources.
export class ClientCredentialsFlowStack extends cdk.Stack {
  constructor(scope: Construct, id: string, props?: cdk.StackProps) {
    super(scope, id, props);
    const auth = new CognitoStack(this, 'CognitoStack');
    new ApiGatewayStack(this, 'ApiGatewayStack', auth.cognitoUserPool);
  }
}
