// graphql-js on the rows that come as JSON on stdin: least CPU ms of executing a parsed document, and its answer.
//   node benchmarks/graphql_fields.cjs FOLDER ROUNDS    FOLDER holds node_modules/graphql
"use strict";

const { createRequire } = require("node:module");
const [folder, rounds] = process.argv.slice(2);
const {
  GraphQLFloat, GraphQLID, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString,
  execute, parse, version,
} = createRequire(`${folder}/`)("graphql");

const types = {
  id: new GraphQLNonNull(GraphQLID), rev: GraphQLInt, cpuCores: GraphQLInt, memoryBytes: GraphQLFloat,
};

function main({ names, rows }) {
  const fields = Object.fromEntries(names.map((name) => [name, { type: types[name] ?? GraphQLString }]));
  const host = new GraphQLObjectType({ name: "Host", fields });
  const page = new GraphQLObjectType({ name: "Page", fields: { nodes: { type: new GraphQLList(host) } } });
  const hosts = { type: page, resolve: () => ({ nodes: rows }) };
  const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: "Query", fields: { hosts } }) });
  const document = parse(`{hosts{nodes{${names.join(" ")}}}}`);
  let least = Infinity, data = null;
  for (let round = 0; round < Number(rounds); round += 1) {
    const started = process.cpuUsage();
    ({ data } = execute({ schema, document }));
    const used = process.cpuUsage(started);
    least = Math.min(least, (used.user + used.system) / 1000);
  }
  process.stdout.write(JSON.stringify({ version, least, answer: JSON.stringify(data) }));
}

let text = "";
process.stdin.on("data", (part) => { text += part; });
process.stdin.on("end", () => main(JSON.parse(text)));
