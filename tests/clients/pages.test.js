// Walking a list page by page, as Relay does. The silent failure made loud: a row that is shown twice or never.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gql } from 'graphql-request';
import { client } from './district.js';

const AREAS = gql`
  query ($first: Int, $after: String, $last: Int, $before: String) {
    areas(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      edges { cursor node { id code } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;

const page = async (variables) => (await client().request(AREAS, variables)).areas;
const codes = (areas) => areas.edges.map((edge) => edge.node.code);

test('forwards, every row comes once', async () => {
  const seen = [];
  let after;
  let more = true;
  let total;
  while (more) {
    const areas = await page({ first: 7, after });
    seen.push(...codes(areas));
    assert.equal(areas.pageInfo.endCursor, areas.edges.at(-1).cursor);
    ({ endCursor: after, hasNextPage: more } = areas.pageInfo);
    total = areas.totalCount;
  }
  assert.ok(total > 100);
  assert.equal(seen.length, total);
  assert.equal(new Set(seen).size, total);
});

test('backwards, the same rows in the same order', async () => {
  const seen = [];
  let before;
  let more = true;
  while (more) {
    const areas = await page({ last: 50, before });
    seen.unshift(...codes(areas));
    ({ startCursor: before, hasPreviousPage: more } = areas.pageInfo);
  }
  const forwards = [...codes(await page({ first: 100 })), ...codes(await page({ first: 100, after: (await page({ first: 100 })).pageInfo.endCursor }))];
  assert.deepEqual(seen, forwards);
});

test('a global id finds its thing again', async () => {
  const [{ node }] = (await page({ first: 1 })).edges;
  const NODE = gql`query ($id: ID!) { node(id: $id) { __typename id ... on Area { code } } }`;
  assert.deepEqual((await client().request(NODE, { id: node.id })).node, { __typename: 'Area', ...node });
});
