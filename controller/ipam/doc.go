// Package ipam keeps a view of which global addresses are free, and proposes
// the next one.
//
// The view is a hint. What makes an address somebody's own is the IPAddress
// object of that name, which the API server lets exist only once; a pool that
// is wrong costs a refused creation, never a second owner. So the pool may be
// built from a cache that lags, and is simply rebuilt after a restart.
package ipam
