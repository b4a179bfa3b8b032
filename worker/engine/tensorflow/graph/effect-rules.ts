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

/** The effects that can be told better than that TensorFlow declares them. */
const EFFECTS: readonly (readonly [string, readonly string[]])[] = [
  [
    "draws random numbers",
    words(`RandomUniform RandomUniformInt RandomStandardNormal RandomShuffle RandomGamma RandomPoisson RandomPoissonV2
      RandomCrop ParameterizedTruncatedNormal TruncatedNormal Multinomial NonDeterministicInts SampleDistortedBoundingBox
      SampleDistortedBoundingBoxV2 StatefulUniform StatefulUniformInt StatefulUniformFullInt StatefulStandardNormal
      StatefulStandardNormalV2 StatefulTruncatedNormal StatefulRandomBinomial RngSkip RngReadAndSkip AllCandidateSampler
      UniformCandidateSampler LogUniformCandidateSampler LearnedUnigramCandidateSampler FixedUnigramCandidateSampler
      ThreadUnsafeUnigramCandidateSampler Skipgram DummySeedGenerator AnonymousSeedGenerator`),
  ],
  ["reads the clock", ["Timestamp"]],
  [
    "acts outside of the graph",
    words("PyFunc EagerPyFunc Print PrintV2 WriteFile Save SaveV2 SaveSlices SleepOp RemoteCall"),
  ],
];

const EFFECT_OF: ReadonlyMap<string, string> = new Map(
  EFFECTS.flatMap(([effect, ops]) => ops.map((op) => [op, effect] as const)),
);

/** Writing to what outlives the run, as TensorFlow names it. */
const WRITES =
  /^(Assign|Scatter|Resource(Scatter|Apply|SparseApply|StridedSliceAssign|CountUpTo)|Apply|SparseApply|CountUpTo|LookupTable(Insert|Import|Remove)|InitializeTable|Queue(En|De)queue|(Ordered)?Map(Stage|Unstage|Clear)|Stage|Unstage|Barrier(Insert|Take)|StridedSliceAssign|DestroyResource)/;

/** What a run of a stateful op does beside answering, in words that follow its name; undefined for one that is harmless. */
export function effectOfOp(op: string): string | undefined {
  if (HARMLESS.has(op)) return undefined;
  return EFFECT_OF.get(op) ?? (WRITES.test(op) ? "writes what outlives the run" : "is declared stateful");
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
