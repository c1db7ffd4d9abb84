// Package upstream re-creates the design of Submariner's GlobalIngressIP
// controller: the pool of addresses lives in memory, is rebuilt at start from
// what GlobalIngressIPs report in their status, and nothing but that memory
// keeps an address from being given away twice. Each change of an object is
// processed as a creation, an update or a deletion, as its informer tells it.
//
// What runs by default is the correct sibling: none of the bugs of the
// catalogue, as far as the design allows. A bug is one field of [Steps] set to
// what upstream did. The code is written anew from the behaviour that
// Submariner's issues describe; none of it is Submariner's.
//
// What the sibling cannot do, because the design cannot: two active leaders
// have two memories. It relies on its lease, on stopping when the lease is
// lost, and on requests that do not take effect long after they were given up.
package upstream
