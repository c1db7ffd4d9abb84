// Package audit compares what is in a cluster with what should be: which global
// IPs exist, who owns them, and whether what they are for still exists. It only
// reads, and needs no running controller.
//
// Its rules are those of docs/globalingressip/design.md, worked out from the objects alone and
// apart from the reconcilers, so that a mistake of theirs is not repeated here.
package audit
