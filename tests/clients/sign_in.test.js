// Signing in, a mutation, and staying signed in, by graphql-request. The silent failure made loud: a client that must
// know more than the schema says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, gql } from 'graphql-request';
import { client, shift, signIn } from './district.js';

const ME = gql`query { me { signedIn volunteer { id phase } } }`;

test('a volunteer signs in, signs up once, and is told why not twice', async () => {
  const { session, refusal } = await signIn();
  assert.equal(refusal, null);
  assert.ok(session.expiresIn > 0);
  const mine = client(session.accessToken);
  const { me } = await mine.request(ME);
  assert.deepEqual([me.signedIn, me.volunteer.phase], [true, 'ACTIVE']);

  const SIGN_UP = gql`
    mutation ($input: SignUpInput!) {
      signUp(input: $input) { phase position unchanged refusal { code field message(lang: EN) } }
    }
  `;
  const commandId = crypto.randomUUID();
  const first = (await mine.request(SIGN_UP, { input: { shift, commandId } })).signUp;
  assert.deepEqual([first.phase, first.refusal, first.unchanged], ['TAKEN', null, false]);
  const again = (await mine.request(SIGN_UP, { input: { shift, commandId } })).signUp;
  assert.deepEqual([again.position, again.unchanged], [first.position, true]);
  const twice = (await mine.request(SIGN_UP, { input: { shift } })).signUp;
  assert.equal(twice.refusal.code, 'AlreadySignedUp');
  assert.ok(twice.refusal.message.length > 0);
});

test('a refresh token is exchanged once; used again it ends the session', async () => {
  const REFRESH = gql`
    mutation ($input: RefreshInput!) { refresh(input: $input) { session { accessToken refreshToken } refusal { code } } }
  `;
  const exchanged = async (refreshToken) => (await client().request(REFRESH, { input: { refreshToken } })).refresh;
  const { session } = await signIn();
  const next = await exchanged(session.refreshToken);
  assert.equal(next.refusal, null);
  assert.equal((await client(next.session.accessToken).request(ME)).me.signedIn, true);
  assert.equal((await exchanged(session.refreshToken)).refusal.code, 'SessionExpired');
  assert.equal((await exchanged(next.session.refreshToken)).refusal.code, 'SessionExpired');
});

test('a device keeps what it is known by', async () => {
  const { device } = (await signIn()).session;
  assert.ok(device.length > 20);
  assert.equal((await signIn(undefined, device)).session.device, device);
  assert.notEqual((await signIn()).session.device, device);
});

test('a wrong password is a refusal, a missing token an error with a code', async () => {
  const { session, refusal } = await signIn('not the password');
  assert.deepEqual([session, refusal.code], [null, 'WrongCredentials']);
  const asked = client().request(gql`query { volunteers { totalCount } }`);
  await assert.rejects(asked, (error) => error instanceof ClientError && error.response.errors[0].extensions.code === 'UNAUTHENTICATED');
  const forged = client('not.a.token').request(ME);
  await assert.rejects(forged, (error) => error instanceof ClientError && error.response.status === 401);
});
