package main

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/sim/apiserver"
)

// law watches the revision log: no address has two owners, none is in use
// without a claim, and none is lost by a Service that has been there and
// exported all the time since it was published.
type law struct {
	services, exports map[string]string // name → UID
	claims            map[string]string // address → owner
	published         map[string]string // owner → address
	carried           map[string]string // owner → address
	bound             map[string]bool   // owner: exported without a break since it was published
	present           map[string]bool   // owner: its GlobalIngressIP exists
	broken            []string
}

func newLaw() *law {
	return &law{
		services: map[string]string{}, exports: map[string]string{}, claims: map[string]string{},
		published: map[string]string{}, carried: map[string]string{}, bound: map[string]bool{}, present: map[string]bool{},
	}
}

func (l *law) breach(c apiserver.Commit, format string, args ...any) {
	l.broken = append(l.broken, fmt.Sprintf("revision %d, %s %s: ", c.Revision, c.Resource.Resource, c.Name)+fmt.Sprintf(format, args...))
}

// commit takes in one entry of the log.
func (l *law) commit(c apiserver.Commit) {
	switch c.Resource.Resource {
	case "serviceexports":
		l.note(l.exports, c)
	case "services":
		l.service(c)
	case "ipaddresses":
		l.claim(c)
	case "globalingressips":
		l.ingress(c)
	}
}

func (l *law) note(known map[string]string, c apiserver.Commit) {
	if c.New == nil {
		delete(known, c.Name)
		l.bound[c.Name] = false

		if !l.present[c.Name] {
			delete(l.published, c.Name)
		}
	} else {
		known[c.Name] = string(c.UID)
	}
}

func (l *law) service(c apiserver.Commit) {
	before, now := exportedServiceOf(c.Old), exportedServiceOf(c.New)
	if before == "" && now == "" {
		l.note(l.services, c)

		return
	}

	if now == "" || c.New == nil {
		delete(l.carried, before)

		return
	}

	service := c.New.(*corev1.Service)
	if len(service.Spec.ExternalIPs) == 1 {
		l.carried[now] = service.Spec.ExternalIPs[0]
		l.check(c, service.Spec.ExternalIPs[0])
	}
}

func exportedServiceOf(obj runtime.Object) string {
	service, ok := obj.(*corev1.Service)
	if !ok || service == nil {
		return ""
	}

	return service.Labels[v1.InternalServiceLabel]
}

func (l *law) claim(c apiserver.Commit) {
	if c.New == nil {
		owner := l.claims[c.Name]
		delete(l.claims, c.Name)

		if l.bound[owner] && l.published[owner] == c.Name {
			l.breach(c, "released while %s is exported", owner)
		}
	} else if claim := c.New.(*networkingv1.IPAddress); claim.Labels[networkingv1.LabelManagedBy] == v1.ManagedBy {
		l.claims[c.Name] = claim.Spec.ParentRef.Name
	}

	l.check(c, c.Name)
}

func (l *law) ingress(c apiserver.Commit) {
	address := ""
	if c.New != nil {
		address, _, _ = unstructured.NestedString(c.New.(*unstructured.Unstructured).Object, "status", "allocatedIP")
	}

	l.present[c.Name] = c.New != nil

	before := l.published[c.Name]
	if before == address {
		return
	}

	// A GlobalIngressIP that a user deletes goes for a moment; its address
	// does not.
	if l.bound[c.Name] && before != "" && c.New != nil && address != "" {
		l.breach(c, "changed from %s to %s while exported", before, address)
	}

	if c.New == nil {
		if !l.bound[c.Name] {
			delete(l.published, c.Name)
		}

		return
	}

	l.published[c.Name] = address
	l.bound[c.Name] = address != "" && l.services[c.Name] != "" && l.exports[c.Name] != ""
	l.check(c, address)
}

// check looks at everybody who uses address.
func (l *law) check(c apiserver.Commit, address string) {
	if address == "" {
		return
	}

	var users []string

	for _, use := range []map[string]string{l.published, l.carried} {
		for owner, used := range use {
			if used == address {
				users = append(users, owner)
			}
		}
	}

	slices.Sort(users)

	users = slices.Compact(users)
	if len(users) > 1 {
		l.breach(c, "%s is used by %v", address, users)
	}

	for _, user := range users {
		if l.claims[address] != user {
			l.breach(c, "%s is used by %s and claimed by %q", address, user, l.claims[address])
		}
	}
}
