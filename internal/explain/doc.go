// Package explain says why a run broke a law: three to five events, from what
// struck to what broke, and one sentence.
//
// It knows nothing of any controller. What it has is a record, in which each
// process is a box that is handed one thing at a time (an answer, a watch event,
// its start) and asks for things. Computing takes no virtual time, so what a
// process asks for in the very instant in which it was handed something, it asks
// for because of that; later requests are the work of a timer, and are traced to
// what the process last heard about the same object.
//
// From the event that broke the law [Of] walks back over these links: commit,
// call, what its process had been told, whose change that was. On the way it looks
// for what may have misled the process, each with a weight:
//
//   - an answer that a fault made, right before the decision;
//   - a change that the process had not been told of when it decided, with what
//     kept it away: a late or lost watch event, a partition, a cache behind;
//   - a death, and what it left half done or what happened before the next life;
//   - a write whose answer was lost, so that nobody knew it had succeeded;
//   - a request that was on its way for long and arrived in another world.
//
// The heaviest becomes the story. That is a guess, a good one: docs/use/report.md says
// how often it was right. Same record and verdict, same story.
//
// It does not model what a process keeps in its memory, nor goroutines: two
// workers of one process that act in one instant are one to it.
package explain
