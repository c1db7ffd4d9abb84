// Package nft puts the rules of headless Services' global IPs into the packet
// filter of the node it runs on, a gateway: an nftables table of its own with two
// maps. Packets to a global IP are sent to the target (DNAT); packets of the target
// to another cluster leave with the global IP (SNAT). Connections in the other
// direction, answers included, are connection tracking's.
//
// The maps are the state: what stands in them after a crash is read back, and no
// copy is kept elsewhere. Every change is one transaction.
//
// Not modelled: IPv6, and what decides that packets for global IPs come to this
// node, which is Submariner's route agent's.
package nft
