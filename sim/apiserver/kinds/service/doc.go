// Package service has Service and the kinds around it. The Service kind holds the
// pools of cluster IPs and node ports, so it belongs to one API server; the others
// are shared.
package service
