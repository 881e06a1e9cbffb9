import * as cdk from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';

/** A pool for users who sign in with a verified e-mail address and a strong password. */
export function appUserPool(scope: Construct): cognito.UserPool {
  return new cognito.UserPool(scope, 'AppUserPool', {
    signInAliases: { email: true },
    autoVerify: { email: true },
    selfSignUpEnabled: false,
    accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
    passwordPolicy: {
      minLength: 8,
      requireLowercase: true,
      requireUppercase: true,
      requireDigits: true,
      requireSymbols: true,
    },
  });
}

export class M2MAuthStack extends cdk.Stack {
  readonly userPool: cognito.UserPool;

  constructor(scope: Construct, id: string, props?: cdk.StackProps) {
    super(scope, id, props);
    this.userPool = appUserPool(this);

    const read = new cognito.ResourceServerScope({ scopeName: 'read', scopeDescription: 'Read access to resources' });
    const write = new cognito.ResourceServerScope({ scopeName: 'write', scopeDescription: 'Write access to resources' });
    const admin = new cognito.ResourceServerScope({ scopeName: 'admin', scopeDescription: 'Administrative operations' });
    const server = this.userPool.addResourceServer('ApiResourceServer', {
      identifier: 'api',
      userPoolResourceServerName: 'API Resource Server',
      scopes: [read, write, admin],
    });

    // For machines: tokens of their own, which live for an hour.
    const service = this.userPool.addClient('ServiceClient', {
      generateSecret: true,
      preventUserExistenceErrors: true,
      authFlows: { userSrp: false, userPassword: false, adminUserPassword: false },
      oAuth: {
        flows: { clientCredentials: true },
        scopes: [read, write, admin].map((s) => cognito.OAuthScope.resourceServer(server, s)),
      },
      refreshTokenValidity: cdk.Duration.days(30),
      accessTokenValidity: cdk.Duration.hours(1),
      idTokenValidity: cdk.Duration.hours(1),
    });

    // For users.
    const user = this.userPool.addClient('UserClient', {
      generateSecret: false,
      preventUserExistenceErrors: true,
      authFlows: { userSrp: true, userPassword: true, adminUserPassword: true },
      disableOAuth: true,
    });

    this.userPool.addDomain('Domain', { cognitoDomain: { domainPrefix: 'mydomain' } });

    new cdk.CfnOutput(this, 'UserPoolId', { value: this.userPool.userPoolId });
    new cdk.CfnOutput(this, 'ServiceClientId', { value: service.userPoolClientId });
    new cdk.CfnOutput(this, 'UserClientId', { value: user.userPoolClientId });
  }
}

export class CompleteM2MOAuthStack extends cdk.Stack {
  constructor(scope: Construct, id: string, props?: cdk.StackProps) {
    super(scope, id, props);
    const pool = appUserPool(this);
    pool.addResourceServer('ApiResourceServer', {
      identifier: 'api',
      userPoolResourceServerName: 'ApiResourceServer',
      scopes: [
        ['read', 'Read access to resources'],
        ['write', 'Write access to resources'],
        ['delete', 'Delete access to resources'],
        ['admin', 'Administrative operations'],
        ['execute', 'Execute business transactions'],
      ].map(([scopeName, scopeDescription]) => new cognito.ResourceServerScope({ scopeName, scopeDescription })),
    });
  }
}
