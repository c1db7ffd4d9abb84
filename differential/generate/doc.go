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
// compaction, lists over all namespaces. Nor null in binaryData: the real server
// stores it in a form that it does not write back, so that the next write is
// never a no-op.
package generate
