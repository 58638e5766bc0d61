// GraphQL over HTTP as its specification has it, by the audits of graphql-http. The silent failure made loud: a client
// library that works elsewhere and not here.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { url } from './district.js';

for (const audit of serverAudits({ url })) {
  test(audit.name, async () => {
    const result = await audit.fn();
    const told = `${audit.id} ${result.status}: ${result.reason ?? ''}`;
    if (audit.name.startsWith('MAY')) assert.ok(['ok', 'notice', 'warn'].includes(result.status), told);
    else assert.equal(result.status, 'ok', told);
  });
}
