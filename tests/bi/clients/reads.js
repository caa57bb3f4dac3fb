// What node's pg reads of a view: see reads.py. The arguments are the same, without the library.
"use strict";
const { Client } = require("pg");
const QueryStream = require("pg-query-stream");

async function main(schema, name, day, ...rest) {
  const client = new Client();
  await client.connect();
  try {
    if (day === "limited") {
      for (const place of rest) {
        let found;
        try {
          found = (await client.query(`SELECT count(*) FROM ${place}."${name}"`)).rows[0].count;
        } catch (error) {
          found = error.code === "42501" ? "refused" : `failed: ${error.message}`;
        }
        console.log(["limited", place, found].join("\t"));
      }
      return;
    }
    const view = `${schema}."${name}"`;
    const where = `WHERE at >= '${day} 00:00Z' AND at < '${rest[0]} 00:00Z'`;
    console.log(`sum\t${(await client.query(`SELECT sum(amount) AS s FROM ${view} ${where}`)).rows[0].s}`);
    const values = [new Date(`${day}T00:00Z`), new Date(`${rest[0]}T00:00Z`)];
    let found;
    for (let n = 0; n < 7; n++) {
      found = await client.query({ name: "bound", text: `SELECT count(*) FROM ${view} WHERE at >= $1 AND at < $2`, values });
    }
    console.log(`bound\t${found.rows[0].count}`);
    const first = (await client.query(`SELECT min(at) AS a FROM ${view} ${where}`)).rows[0].a;
    console.log(`first\t${first.toISOString()}`);
    let count = 0;
    for await (const _ of client.query(new QueryStream(`SELECT * FROM ${view}`, [], { batchSize: 1000 }))) {
      count++;
    }
    // It has so little memory that it would have ended otherwise.
    console.log(`stream\t${count}\t0`);
  } finally {
    await client.end();
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
