package audit

import (
	"cmp"
	"fmt"
)

// Kind says what is wrong.
type Kind string

const (
	// Double: one address has two owners.
	Double Kind = "double"
	// Leaked: an address, an internal Service or a finalizer is held for nobody.
	Leaked Kind = "leaked"
	// Orphaned: a GlobalIngressIP's Service, export, pod or endpoint is gone.
	Orphaned Kind = "orphaned"
	// Missing: what is exported has no address, or an address lacks its claim or
	// its internal Service.
	Missing Kind = "missing"
	// Outside: a published address lies in none of the CIDRs.
	Outside Kind = "outside"
	// Foreign: an address of the CIDRs is claimed by somebody else. That is
	// respected and no fault.
	Foreign Kind = "foreign"
)

// Finding is one thing found.
type Finding struct {
	Kind    Kind   `json:"kind"`
	Object  string `json:"object"` // "GlobalIngressIP shop/web"
	Address string `json:"address,omitempty"`
	Message string `json:"message"`
}

// Fault tells whether something is to be put right.
func (f Finding) Fault() bool { return f.Kind != Foreign }

func (f Finding) String() string {
	return fmt.Sprintf("%-8s  %-15s  %s: %s", f.Kind, f.Address, f.Object, f.Message)
}

func compare(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Object, b.Object),
		cmp.Compare(a.Address, b.Address), cmp.Compare(a.Message, b.Message))
}
