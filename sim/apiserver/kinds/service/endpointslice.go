package service

import (
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

const (
	maxSliceEndpoints = 1000
	maxSliceAddresses = 100
	maxSlicePorts     = 20000
)

var addressTypes = sets.New(discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6, discoveryv1.AddressTypeFQDN)

// EndpointSlices count their changes in metadata.generation although they have
// no status.
func newEndpointSliceKind() *kinds.Kind {
	doc := discoveryv1.EndpointSlice{}.SwaggerDoc()
	return kinds.Builtin[*discoveryv1.EndpointSlice, *discoveryv1.EndpointSliceList](discoveryv1.SchemeGroupVersion, kinds.Spec{
		Resource:   "endpointslices",
		Namespaced: true,
		Strategy: &kinds.Rules[*discoveryv1.EndpointSlice]{
			Defaults:      defaultEndpointSlice,
			PrepareCreate: func(slice *discoveryv1.EndpointSlice) { slice.Generation = 1 },
			PrepareUpdate: prepareEndpointSliceUpdate,
			Check:         validateEndpointSlice,
			CheckUpdate:   validateEndpointSliceUpdate,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "AddressType", Type: "string", Description: doc["addressType"]},
			{Name: "Ports", Type: "string", Description: doc["ports"]},
			{Name: "Endpoints", Type: "string", Description: doc["endpoints"]},
			kinds.AgeColumn,
		}, func(slice *discoveryv1.EndpointSlice, now time.Time) []any {
			return []any{slice.Name, string(slice.AddressType), slicePorts(slice), sliceAddresses(slice), kinds.Age(slice.CreationTimestamp, now)}
		}),
	})
}

func defaultEndpointSlice(slice *discoveryv1.EndpointSlice) {
	for i := range slice.Ports {
		slice.Ports[i].Name = kinds.OrPointer(slice.Ports[i].Name, "")
		slice.Ports[i].Protocol = kinds.OrPointer(slice.Ports[i].Protocol, corev1.ProtocolTCP)
	}
}

// prepareEndpointSliceUpdate counts every change but those of metadata that
// says nothing about endpoints; labels do.
func prepareEndpointSliceUpdate(slice, old *discoveryv1.EndpointSlice) {
	content := func(s *discoveryv1.EndpointSlice) discoveryv1.EndpointSlice {
		c := *s
		c.TypeMeta, c.ObjectMeta = metav1.TypeMeta{}, metav1.ObjectMeta{Labels: s.Labels}
		return c
	}
	if !apiequality.Semantic.DeepEqual(content(slice), content(old)) {
		slice.Generation = old.Generation + 1
	}
}

func validateEndpointSlice(slice *discoveryv1.EndpointSlice) field.ErrorList {
	var errs field.ErrorList
	if slice.AddressType == "" {
		errs = append(errs, field.Required(field.NewPath("addressType"), ""))
	} else if !addressTypes.Has(slice.AddressType) {
		errs = append(errs, field.NotSupported(field.NewPath("addressType"), slice.AddressType, sets.List(addressTypes)))
	}
	errs = append(errs, validateSlicePorts(slice.Ports, field.NewPath("ports"))...)
	return append(errs, validateSliceEndpoints(slice, field.NewPath("endpoints"))...)
}

// validateEndpointSliceUpdate tolerates endpoints that were accepted once. A
// changed address type hides what else is wrong with the addresses for it.
func validateEndpointSliceUpdate(slice, old *discoveryv1.EndpointSlice) field.ErrorList {
	checked := slice
	if apiequality.Semantic.DeepEqual(slice.Endpoints, old.Endpoints) {
		checked = slice.DeepCopy()
		checked.Endpoints = nil
	}
	errs := validateEndpointSlice(checked)
	if slice.AddressType != old.AddressType {
		errs = slices.DeleteFunc(errs, func(err *field.Error) bool { return err.Field == "addressType" })
		errs = append(errs, kinds.Immutable(field.NewPath("addressType")))
	}
	return errs
}

func validateSlicePorts(ports []discoveryv1.EndpointPort, path *field.Path) field.ErrorList {
	if len(ports) > maxSlicePorts {
		return field.ErrorList{field.TooMany(path, len(ports), maxSlicePorts)}
	}
	var errs field.ErrorList
	names := sets.New[string]()
	for i, port := range ports {
		path, name := path.Index(i), ptr.Deref(port.Name, "")
		if name != "" {
			errs = append(errs, kinds.Invalids(path.Child("name"), name, utilvalidation.IsDNS1123Label(name))...)
		}
		if names.Has(name) {
			errs = append(errs, field.Duplicate(path.Child("name"), name))
		}
		names.Insert(name)
		if protocol := ptr.Deref(port.Protocol, ""); !kinds.PortProtocols.Has(protocol) {
			errs = append(errs, field.NotSupported(path.Child("protocol"), protocol, sets.List(kinds.PortProtocols)))
		}
		if protocol := port.AppProtocol; protocol != nil {
			errs = append(errs, kinds.Invalids(path.Child("appProtocol"), *protocol, utilvalidation.IsQualifiedName(*protocol))...)
		}
	}
	return errs
}

func validateSliceEndpoints(slice *discoveryv1.EndpointSlice, path *field.Path) field.ErrorList {
	if len(slice.Endpoints) > maxSliceEndpoints {
		return field.ErrorList{field.TooMany(path, len(slice.Endpoints), maxSliceEndpoints)}
	}
	var errs field.ErrorList
	for i := range slice.Endpoints {
		endpoint, path := &slice.Endpoints[i], path.Index(i)
		addresses := path.Child("addresses")
		if n := len(endpoint.Addresses); n == 0 {
			errs = append(errs, field.Required(addresses, ""))
		} else if n > maxSliceAddresses {
			errs = append(errs, field.TooMany(addresses, n, maxSliceAddresses))
		}
		for j, address := range endpoint.Addresses {
			errs = append(errs, validateSliceAddress(slice.AddressType, address, addresses, j)...)
		}
		if node := endpoint.NodeName; node != nil {
			errs = append(errs, kinds.Invalids(path.Child("nodeName"), *node, utilvalidation.IsDNS1123Subdomain(*node))...)
		}
		if host := endpoint.Hostname; host != nil {
			errs = append(errs, kinds.Invalids(path.Child("hostname"), *host, utilvalidation.IsDNS1123Label(*host))...)
		}
	}
	return errs
}

func validateSliceAddress(kind discoveryv1.AddressType, address string, path *field.Path, i int) field.ErrorList {
	var errs field.ErrorList
	switch kind {
	case discoveryv1.AddressTypeFQDN:
		return utilvalidation.IsFullyQualifiedDomainName(path.Index(i), address)
	case discoveryv1.AddressTypeIPv4:
		if errs = utilvalidation.IsValidIPForLegacyField(path.Index(i), address, true, nil); len(errs) > 0 {
			return errs
		}
		if !netutils.IsIPv4String(address) {
			errs = append(errs, field.Invalid(path, address, "must be an IPv4 address"))
		}
	case discoveryv1.AddressTypeIPv6:
		if errs = utilvalidation.IsValidIP(path.Index(i), address); len(errs) > 0 {
			return errs
		}
		if !netutils.IsIPv6String(address) {
			errs = append(errs, field.Invalid(path, address, "must be an IPv6 address"))
		}
	default:
		return nil
	}
	return append(errs, validateEndpointIP(address, path.Index(i))...)
}

func slicePorts(slice *discoveryv1.EndpointSlice) string {
	var ports []string
	for _, port := range slice.Ports {
		switch {
		case port.Port != nil:
			ports = append(ports, strconv.Itoa(int(*port.Port)))
		case ptr.Deref(port.Name, "") != "":
			ports = append(ports, *port.Name)
		default:
			ports = append(ports, "*")
		}
	}
	if len(ports) == 0 {
		return "<unset>"
	}
	return firstThree(ports)
}

func sliceAddresses(slice *discoveryv1.EndpointSlice) string {
	var all []string
	for _, endpoint := range slice.Endpoints {
		all = append(all, endpoint.Addresses...)
	}
	if len(all) == 0 {
		return "<unset>"
	}
	return firstThree(all)
}
