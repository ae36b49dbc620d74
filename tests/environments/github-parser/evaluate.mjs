// Evaluates expressions with GitHub's own evaluator: a list of {text, contexts, cancelled} comes in, one of values goes out.
import {readFileSync} from "node:fs";
import {data, Evaluator, Lexer, Parser} from "@actions/expressions";
import {reviver} from "@actions/expressions/data/reviver";

const NAMES = ["github", "needs", "matrix", "env", "vars", "secrets", "inputs", "strategy", "runner", "steps", "job"];
const status = (name) => ({name, minArgs: 0, maxArgs: 0});
const STATUS = ["always", "cancelled", "success", "failure"].map(status);

function evaluate({text, contexts, cancelled}) {
  const tree = new Parser(new Lexer(text).lex().tokens, NAMES, STATUS).parse();
  const results = Object.values(contexts.needs ?? {}).map((need) => need.result);
  const values = {
    always: true,
    cancelled,
    success: !cancelled && results.every((result) => result === "success"),
    failure: !cancelled && results.includes("failure"),
  };
  const functions = new Map(STATUS.map((one) => [one.name, {...one, call: () => new data.BooleanData(values[one.name])}]));
  const known = JSON.parse(JSON.stringify(contexts), reviver);
  const value = new Evaluator(tree, known, functions).evaluate();
  return !(["", "false", "0"].includes(value.coerceString()) || value.kind === data.Kind.Null);
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(evaluate)));
