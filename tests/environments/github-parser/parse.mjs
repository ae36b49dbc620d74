// Prints what GitHub's own parser says of each workflow: its number of jobs, and its errors.
import {readFileSync} from "node:fs";
import {convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow} from "@actions/workflow-parser";

for (const name of process.argv.slice(2)) {
  const {context, value} = parseWorkflow({name, content: readFileSync(name, "utf8")}, new NoOperationTraceWriter());
  const template = value ? await convertWorkflowTemplate(context, value, undefined, {errorPolicy: 1}) : {};
  const errors = [...context.errors.getErrors(), ...(template.errors ?? [])].map((error) => error.message ?? error.Message);
  console.log(JSON.stringify({name, jobs: template.jobs?.length ?? 0, errors: [...new Set(errors)]}));
}
