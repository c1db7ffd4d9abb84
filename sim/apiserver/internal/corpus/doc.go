// Package corpus replays recorded requests against an API server and tells
// where its answers differ from the recorded ones.
//
// Values that legitimately differ from run to run (uids, times, resource
// versions, addresses, generated names) are replaced by tokens that keep
// identity and order, in the recording and in the answers alike. It waits with
// package time only, so it runs inside a testing/synctest bubble too.
package corpus
