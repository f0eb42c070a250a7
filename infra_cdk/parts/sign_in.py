"""Who may open the console: a pool of invited readers, with a second factor, and the load balancer's client of it."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito

from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept

PASSWORD_CHARACTERS = 14
INVITATION_DAYS = 7
CALLBACK = "/oauth2/idpresponse"  # of the load balancer's action. Source: Elastic Load Balancing, authenticate users
TOKEN_MINUTES = 60  # access and identity; the load balancer renews them
SIGNED_IN_HOURS = 12  # a working day: then a reader signs in again


@dataclass(frozen=True)
class SignIn:
    """What a load balancer needs to let people sign in."""

    pool: cognito.UserPool
    client: cognito.UserPoolClient
    domain: cognito.UserPoolDomain


def sign_in(stack: InstallationStack, host: str) -> SignIn:
    """A pool for the readers of one host; nobody signs up by himself."""
    installation = stack.installation
    pool = cognito.UserPool(
        stack,
        "Readers",
        user_pool_name=installation.name("readers"),
        self_sign_up_enabled=False,
        sign_in_aliases=cognito.SignInAliases(email=True),
        sign_in_case_sensitive=False,
        auto_verify=cognito.AutoVerifiedAttrs(email=True),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        mfa=cognito.Mfa.REQUIRED,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        password_policy=cognito.PasswordPolicy(
            min_length=PASSWORD_CHARACTERS,
            require_digits=True,
            require_lowercase=True,
            require_uppercase=True,
            require_symbols=True,
            temp_password_validity=cdk.Duration.days(INVITATION_DAYS),
        ),
        user_invitation=cognito.UserInvitationConfig(
            email_subject="Your access to Takings",
            email_body=f"Open https://{host} and sign in as {{username}} with {{####}}.",
        ),
        removal_policy=cdk.RemovalPolicy.DESTROY,  # readers are invited again; nothing else is in it
    )
    accept(
        pool, "Threat protection is charged for each reader; a second factor is required of everybody", "COG3", "COG8"
    )
    client = pool.add_client(
        "Balancer",
        generate_secret=True,
        prevent_user_existence_errors=True,
        enable_token_revocation=True,
        auth_flows=cognito.AuthFlow(),
        supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
        access_token_validity=cdk.Duration.minutes(TOKEN_MINUTES),
        id_token_validity=cdk.Duration.minutes(TOKEN_MINUTES),
        refresh_token_validity=cdk.Duration.hours(SIGNED_IN_HOURS),
        o_auth=cognito.OAuthSettings(
            flows=cognito.OAuthFlows(authorization_code_grant=True),
            scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL],
            callback_urls=[f"https://{host}{CALLBACK}"],
        ),
    )
    domain = pool.add_domain(
        "SignIn",
        cognito_domain=cognito.CognitoDomainOptions(
            domain_prefix=f"{installation.name('console')}-{installation.account}"
        ),
    )
    return SignIn(pool, client, domain)
