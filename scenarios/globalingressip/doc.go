// Package globalingressip puts GlobalIngressIP controllers to sea: the one that
// ships, and those that went wrong before.
//
// It is one family of subjects among others. What it adds to the generic rooms is
// here: settings of the world (pools, replicas, consumers), the actions of users
// who export Services, the traffic that seeds draw, the edits of users who lay
// hands on what is the controller's, the packet filter of a machine, and the
// library of scenarios written by hand. Its laws are in package model/globalnet.
package globalingressip
