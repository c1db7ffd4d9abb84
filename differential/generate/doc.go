// Package generate makes random request sequences. A sequence is a case
// without answers: data that depends on the seed and its number alone.
//
// What a sequence does is weighted towards what a server can get wrong: one to
// three names, so that requests meet; stale, fresh, empty and impossible
// resourceVersions; several field managers; finalizers; dry runs; selectors
// that objects enter and leave. About one value in ten is invalid on purpose.
//
// Not generated, because a real server's answer is then a matter of time or of
// chance: reads that wait (resourceVersion too large), watches with a timeout,
// compaction, lists over all namespaces. Nor what the real server stores in a
// form that it does not write back, so that the next write is never a no-op:
// null in binaryData, null and empty lists in an applied configuration's
// metadata.
package generate
