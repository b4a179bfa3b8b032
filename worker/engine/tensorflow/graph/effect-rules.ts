/*
 * TensorFlow declares an op stateful when a run of it may depend on, or change, more than its inputs. Most of those that a
 * served model reaches only read. They are listed here; every other stateful op is an effect, known to this list or not.
 */

/** Stateful ops that neither change anything nor answer by anything but their inputs and what a model keeps, by why that is so. */
const HARMLESS_BY_REASON: Readonly<Record<string, string>> = {
  "gives a handle, or reads what it leads to": `
    VarHandleOp _VarHandlesOp ReadVariableOp _ReadVariablesOp VarIsInitializedOp VariableShape ResourceGather ResourceGatherNd
    Variable VariableV2 IsVariableInitialized
    HashTable HashTableV2 AnonymousHashTable MutableHashTable MutableHashTableV2 AnonymousMutableHashTable
    MutableHashTableOfTensors MutableHashTableOfTensorsV2 AnonymousMutableHashTableOfTensors
    MutableDenseHashTable MutableDenseHashTableV2 AnonymousMutableDenseHashTable
    LookupTableFind LookupTableFindV2 LookupTableSize LookupTableSizeV2 LookupTableExport LookupTableExportV2
    BoostedTreesEnsembleResourceHandleOp IsBoostedTreesEnsembleInitialized BoostedTreesPredict
    BoostedTreesQuantileStreamResourceHandleOp IsBoostedTreesQuantileStreamResourceInitialized
    BoostedTreesQuantileStreamResourceGetBucketBoundaries`,
  "passes a reference on": "RefIdentity RefSwitch RefMerge RefEnter RefExit RefNextIteration RefSelect",
  "only calls functions, which are looked at themselves": `
    StatefulPartitionedCall If _If Case While _While XlaCallModule _Arg _Retval`,
  "lives no longer than the run": `
    TensorArrayV3 TensorArrayReadV3 TensorArrayWriteV3 TensorArrayGatherV3 TensorArrayScatterV3 TensorArrayConcatV3
    TensorArraySplitV3 TensorArraySizeV3 TensorArrayCloseV3 StackV2 StackPushV2 StackPopV2 StackCloseV2`,
  "only fails, or is declared so for the sake of its order": `
    Assert CheckNumerics CheckNumericsV2 GuaranteeConst DeepCopy StatelessRandomGetAlg`,
};

const HARMLESS: ReadonlySet<string> = new Set(Object.values(HARMLESS_BY_REASON).flatMap(words));

/** What an op does beside answering. */
export interface OpEffect {
  readonly lasts: boolean;
  /** Follows the op's name. */
  readonly does: string;
}

const DRAWS: OpEffect = { lasts: false, does: "draws random numbers" };
const CLOCK: OpEffect = { lasts: false, does: "reads the clock" };
const OUTSIDE: OpEffect = { lasts: true, does: "acts outside of the graph" };
const WRITES: OpEffect = { lasts: true, does: "writes what outlives the run" };
const UNKNOWN: OpEffect = { lasts: true, does: "is declared stateful" };

const KNOWN: readonly (readonly [OpEffect, string])[] = [
  [
    // What they keep is a place in a row of random numbers, not the model's: a dropout that is off has them as well.
    DRAWS,
    `RandomUniform RandomUniformInt RandomStandardNormal RandomShuffle RandomGamma RandomPoisson RandomPoissonV2 RandomCrop
    ParameterizedTruncatedNormal TruncatedNormal Multinomial NonDeterministicInts SampleDistortedBoundingBox
    SampleDistortedBoundingBoxV2 AllCandidateSampler UniformCandidateSampler LogUniformCandidateSampler
    LearnedUnigramCandidateSampler FixedUnigramCandidateSampler ThreadUnsafeUnigramCandidateSampler`,
  ],
  [CLOCK, "Timestamp"],
  [OUTSIDE, "PyFunc EagerPyFunc Print PrintV2 WriteFile Save SaveV2 SaveSlices RemoteCall"],
  [
    // Generators of TensorFlow 2 keep their place in a variable.
    WRITES,
    `RngSkip RngReadAndSkip StatefulUniform StatefulUniformInt StatefulUniformFullInt StatefulStandardNormal
    StatefulStandardNormalV2 StatefulTruncatedNormal StatefulRandomBinomial`,
  ],
];

const EFFECT_OF: ReadonlyMap<string, OpEffect> = new Map(
  KNOWN.flatMap(([effect, ops]) => words(ops).map((op) => [op, effect] as const)),
);

/** Writing to what outlives the run, as TensorFlow names it. */
const WRITING =
  /^(Assign|Scatter|Resource(Scatter|Apply|SparseApply|StridedSliceAssign|CountUpTo)|Apply|SparseApply|CountUpTo|LookupTable(Insert|Import|Remove)|InitializeTable|Queue(En|De)queue|(Ordered)?Map(Stage|Unstage|Clear)|Stage|Unstage|Barrier(Insert|Take)|StridedSliceAssign|DestroyResource)/;

/** Undefined for a stateful op that is harmless. */
export function effectOfOp(op: string): OpEffect | undefined {
  if (HARMLESS.has(op)) return undefined;
  return EFFECT_OF.get(op) ?? (WRITING.test(op) ? WRITES : UNKNOWN);
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
