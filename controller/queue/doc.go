// Package queue is the controller's work queue: what its keys are about, how events
// become keys, and what is remembered of a key between two looks at it.
//
// One queue has the keys of exports and of GlobalIngressIPs, so that one worker is one
// sequence of requests. Events that come together become one look at a cache at rest
// ([Debounce]); keys that cannot go on stand in line ([Waitlist]); failures are counted
// by key, so as to back off and not to say a thing twice ([Failures]).
package queue
