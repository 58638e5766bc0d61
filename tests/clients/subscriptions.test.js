// Following an activity over graphql-ws. The silent failure made loud: a change that happened while the client was
// away and is never told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gql } from 'graphql-request';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { client, coordinatorToken, shift, team, tokenRunOut, url } from './district.js';

const staff = client(coordinatorToken);

const follower = (connectionParams) =>
  createClient({ url: `${url.replace('http', 'ws')}/ws`, webSocketImpl: WebSocket, connectionParams, lazy: true, retryAttempts: 0 });

const FOLLOW = `subscription ($activity: ID!, $after: Position) {
  activityPlaces(activity: $activity, after: $after) { event position activity { shifts { free taken } } }
}`;

const published = async (inHours = 48) => {
  const starts = new Date(Date.now() + inHours * 3600_000);
  const ends = new Date(starts.getTime() + 3600_000);
  const details = {
    title: '河道巡护', category: 'RIVER_PATROL', place: '前山河', area: '440402001001',
    shifts: [{ starts, ends, capacity: 1 }], signUpOpens: new Date(Date.now() - 3600_000), signUpCloses: starts,
  };
  const PUBLISH = gql`
    mutation ($input: PublishActivityInput!) {
      publishActivity(input: $input) { position refusal { code } activity { id shifts { id } } }
    }
  `;
  const { publishActivity } = await staff.request(PUBLISH, { input: { organisation: team, details } });
  assert.equal(publishActivity.refusal, null);
  return publishActivity;
};

const places = (mutation) => gql`
  mutation ($input: ${mutation[0].toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) { refusal { code } } }
`;

const changes = async (mutation, inShift) => {
  const me = (await staff.request(gql`query { me { volunteer { id } } }`)).me.volunteer.id;
  const payload = (await staff.request(places(mutation), { input: { shift: inShift, volunteer: me } }))[mutation];
  assert.equal(payload.refusal, null);
};

/** The next items of a subscription. */
const heard = async (following, count) => {
  const items = [];
  for await (const { data, errors } of following) {
    assert.equal(errors, undefined);
    items.push(data.activityPlaces);
    if (items.length === count) break;
  }
  return items;
};

test('a change is told, and one missed meanwhile is told after coming back', async () => {
  const { activity, position } = await published();
  const [inShift] = activity.shifts;
  const first = follower({ authorization: `Bearer ${coordinatorToken}` });
  const following = first.iterate({ query: FOLLOW, variables: { activity: activity.id, after: position } });
  const waiting = heard(following, 1);
  await changes('signUp', inShift.id);
  const [change] = await waiting;
  assert.equal(change.event, 'SIGNED_UP');
  assert.deepEqual(change.activity.shifts, [{ free: 0, taken: 1 }]);
  await first.dispose();

  await changes('withdrawSignUp', inShift.id);
  await changes('signUp', inShift.id);
  const second = follower({ authorization: `Bearer ${coordinatorToken}` });
  const missed = await heard(second.iterate({ query: FOLLOW, variables: { activity: activity.id, after: change.position } }), 2);
  assert.deepEqual(missed.map((it) => it.event), ['WITHDRAWN', 'SIGNED_UP']);
  const last = await heard(second.iterate({ query: FOLLOW, variables: { activity: activity.id, after: missed[0].position } }), 1);
  assert.deepEqual(last.map((it) => [it.event, it.position]), [['SIGNED_UP', missed[1].position]]);
  await second.dispose();
});

test('a subscription that one may not have is an error, and a false token ends the connection', async () => {
  const RECORDS = 'subscription ($volunteer: ID!) { serviceRecordChanges(volunteer: $volunteer) { event } }';
  const me = (await staff.request(gql`query { me { volunteer { id } } }`)).me.volunteer.id;
  const stranger = follower(undefined);
  const answers = [];
  await (async () => {
    for await (const answer of stranger.iterate({ query: RECORDS, variables: { volunteer: me } })) answers.push(answer);
  })().catch((error) => answers.push({ errors: [error].flat() }));
  assert.equal(answers.length, 1);
  assert.equal(answers[0].errors[0].extensions.code, 'UNAUTHENTICATED');
  await stranger.dispose();
});

test('a client that is told that its token is false gives up', async () => {
  let attempts = 0;
  const forger = createClient({
    url: `${url.replace('http', 'ws')}/ws`, webSocketImpl: WebSocket, lazy: true, retryAttempts: 3, retryWait: async () => {},
    connectionParams: () => { attempts += 1; return { authorization: 'Bearer not.a.token' }; },
  });
  await assert.rejects(heard(forger.iterate({ query: FOLLOW, variables: { activity: shift } }), 1), (event) => event.code === 4401);
  assert.equal(attempts, 1);
});

test('a client whose token has run out comes back with another', async () => {
  const { activity, position } = await published(72);
  const tokens = [tokenRunOut, coordinatorToken];
  const returning = createClient({
    url: `${url.replace('http', 'ws')}/ws`, webSocketImpl: WebSocket, lazy: true, retryAttempts: 3, retryWait: async () => {},
    connectionParams: () => ({ authorization: `Bearer ${tokens.shift()}` }),
  });
  const closed = [];
  returning.on('closed', ({ code }) => closed.push(code));
  const waiting = heard(returning.iterate({ query: FOLLOW, variables: { activity: activity.id, after: position } }), 1);
  await changes('signUp', activity.shifts[0].id);
  assert.deepEqual((await waiting).map((it) => it.event), ['SIGNED_UP']);
  assert.deepEqual([tokens.length, closed], [0, [4403]]);
  await returning.dispose();
});

/** What a client library throws for an operation. */
const thrown = async (query, variables) => {
  const asking = follower({ authorization: `Bearer ${coordinatorToken}` });
  try {
    for await (const answer of asking.iterate({ query, variables })) return { answer };
    return { completed: true };
  } catch (error) {
    return { error };
  } finally {
    await asking.dispose();
  }
};

test('what does not validate is thrown, and what does not exist is answered with an error', async () => {
  for (const query of ['subscription { nonsense }', 'subscription { activityPlaces { event } }', 'subscription {']) {
    const { error } = await thrown(query, {});
    assert.ok(Array.isArray(error), query);
    assert.match(error[0].extensions.code, /^GRAPHQL_(VALIDATION|PARSE)_FAILED$/);
  }
  const nobody = Buffer.from('Activity:00000000-0000-0000-0000-000000000000').toString('base64');
  const { answer } = await thrown(FOLLOW, { activity: nobody });
  assert.equal(answer.errors[0].extensions.refusal.code, 'UnknownActivity');
});
