// Package model judges what happened: it takes a history (what clients called
// and were told, what the server committed) and says whether every property
// held.
//
// It runs nothing and imports nothing of this module: the judge must not share
// code with what it judges. A property that was not checked, or whose check
// ended without an answer, is never a pass.
//
// [Generic], [Remains], [WatchGuarantees] and [LikeBaseline] hold for any controller;
// the laws of a GlobalIngressIP controller are in package model/globalnet.
// Laws of one's own are [Always], [EveryChange] and [Eventually], over the
// committed [State], and [Linearizable], over what clients were told; package
// model/cel reads them from CEL expressions.
package model
