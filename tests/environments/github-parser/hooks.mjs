// The parser imports its schema without saying that it is JSON, which Node requires.
import {register} from "node:module";

register("./json.mjs", import.meta.url);
