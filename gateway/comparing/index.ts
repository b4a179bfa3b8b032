export { type ComparedMethod, type ComparedOutput, type Comparison, compareAnswers } from "./compare-answers.ts";
