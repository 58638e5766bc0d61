// Documents as Relay and Apollo write them, and the introspection of tools. The silent failures made loud: a mutation that is
// done twice because it stands in two fragments, and a tool that cannot read the schema.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildClientSchema, getIntrospectionQuery, validate, parse, validateSchema } from 'graphql';
import { gql } from 'graphql-request';
import { client, password, phone, url } from './district.js';

test('a mutation in two fragments is done once', async () => {
  const SIGN_IN = gql`
    mutation SignIn($input: SignInInput!) { ...Session ...Refusal signIn(input: $input) { __typename } }
    fragment Session on Mutation { signIn(input: $input) { session { accessToken } } }
    fragment Refusal on Mutation { signIn(input: $input) { refusal { code } session { refreshToken } } }
  `;
  const { signIn } = await client().request(SIGN_IN, { input: { phone, password } });
  assert.equal(signIn.refusal, null);
  const ME = gql`query { me { volunteer { id } ...Me } } fragment Me on Me { signedIn volunteer { number } }`;
  const { me } = await client(signIn.session.accessToken).request(ME);
  assert.ok(me.signedIn && me.volunteer.id && me.volunteer.number);
  // The refresh token is of the same session: had two been opened, the answer would have been put together of both.
  assert.equal(typeof signIn.session.refreshToken, 'string');
});

test('two acts under one name are refused', async () => {
  const TWO = gql`
    mutation { signIn(input: {phone: "13800000000", password: "a"}) { __typename } ...Other }
    fragment Other on Mutation { signIn(input: {phone: "13800000001", password: "a"}) { __typename } }
  `;
  await assert.rejects(client().request(TWO), ({ response }) => response.errors[0].extensions.code === 'GRAPHQL_VALIDATION_FAILED');
});

const introspects = async (options) => {
  const query = getIntrospectionQuery(options);
  const response = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' }, body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return buildClientSchema(data);
};

test('graphql-js reads the schema, with every option and with none', async () => {
  // As GraphiQL, Apollo and code generators send it.
  const all = {
    descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true,
  };
  const none = Object.fromEntries(Object.keys(all).map((option) => [option, false]));
  for (const options of [all, none, undefined]) {
    const schema = await introspects(options);
    assert.deepEqual(validateSchema(schema), []);
    assert.deepEqual(validate(schema, parse('{ me { signedIn } areas(first: 1) { nodes { code } } }')), []);
  }
});
