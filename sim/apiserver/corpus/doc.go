// Package corpus reads, runs, compares and writes request/response cases: the
// format in which answers of a real kube-apiserver are recorded. The conformance
// test replays them against the simulated server, the differential fuzz makes
// new ones and sends them to both.
//
// A case is data: requests with references to earlier answers, such as
// ${create:rv}. Running one gives normalised answers. Values that vary from
// run to run (uids, times, resourceVersions, allocated addresses and ports,
// generated names) become tokens that keep identity and order, so that the
// answers of two servers, or of one server on two days, can be compared as
// they are. A run waits with package time only, so it works inside a
// testing/synctest bubble too.
package corpus
