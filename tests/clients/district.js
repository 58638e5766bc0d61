// What clients.rs has prepared: a server, a volunteer who can sign in, a coordinator, an activity.

import { GraphQLClient, gql } from 'graphql-request';

const named = (name) => {
  const value = process.env[`GONGYI_TEST_${name}`];
  if (!value) throw new Error(`GONGYI_TEST_${name} is missing: these tests are run by \`cargo test -p gongyi-tests --test clients\``);
  return value;
};

export const url = named('URL');
export const phone = named('PHONE');
export const password = named('PASSWORD');
export const coordinatorToken = named('COORDINATOR_TOKEN');
export const tokenRunOut = named('TOKEN_RUN_OUT');
export const activity = named('ACTIVITY');
export const shift = named('SHIFT');
export const team = named('TEAM');

export const client = (token) => new GraphQLClient(url, token ? { headers: { authorization: `Bearer ${token}` } } : {});

const SIGN_IN = gql`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      session { accessToken refreshToken expiresIn device }
      refusal { code message(lang: EN) }
    }
  }
`;

export const signIn = async (withPassword = password, device = null) =>
  (await client().request(SIGN_IN, { input: { phone, password: withPassword, device } })).signIn;
