package apiserver

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1beta1 "k8s.io/apimachinery/pkg/apis/meta/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
)

type encoding uint8

const (
	encodeJSON encoding = iota
	encodeYAML
	encodeProtobuf
)

const (
	contentJSON     = runtime.ContentTypeJSON
	contentYAML     = runtime.ContentTypeYAML
	contentProtobuf = runtime.ContentTypeProtobuf
)

var contentTypes = [...]string{encodeJSON: contentJSON, encodeYAML: contentYAML, encodeProtobuf: contentProtobuf}

// supportedMediaTypes is the same for all resources; what a custom resource
// cannot do is refused by its restrictions.
var supportedMediaTypes = serializer.NewCodecFactory(typedScheme).SupportedMediaTypes()

var acceptedNames = []string{contentJSON, contentYAML, contentProtobuf}

// format is what a client asked an answer to look like.
type format struct {
	encoding encoding
	// as is Table, PartialObjectMetadata or PartialObjectMetadataList; empty
	// for the object itself.
	as        string
	asVersion schema.GroupVersion
	pretty    bool
}

// negotiator remembers what Accept headers mean: clients send few different
// ones, very often.
type negotiator struct {
	known map[acceptKey]accepted
}

type acceptKey struct {
	header string
	class  acceptClass
}

type accepted struct {
	format format
	ok     bool
}

// acceptClass is what can be asked of an endpoint.
type acceptClass uint8

const (
	acceptBuiltIn acceptClass = iota
	acceptCustom
	acceptStatus // error answers and documents: no transformation
	acceptDiscovery
)

func newNegotiator() negotiator { return negotiator{known: map[acceptKey]accepted{}} }

// AllowsMediaTypeTransform implements negotiation.EndpointRestrictions.
func (a acceptClass) AllowsMediaTypeTransform(_ string, subType string, target *schema.GroupVersionKind) bool {
	if target == nil {
		return a != acceptCustom || subType == "json" || subType == "yaml"
	}
	switch a {
	case acceptStatus:
		return false
	case acceptDiscovery:
		return subType == "json" && *target == discoveryGVK
	}
	if gv := target.GroupVersion(); gv != metav1.SchemeGroupVersion && gv != metav1beta1.SchemeGroupVersion {
		return false
	}
	switch target.Kind {
	case "Table":
		return subType == "json" || subType == "yaml"
	case "PartialObjectMetadata", "PartialObjectMetadataList":
		return true
	}
	return false
}

// AllowsServerVersion implements negotiation.EndpointRestrictions.
func (acceptClass) AllowsServerVersion(v string) bool { return v == "v1" }

// AllowsStreamSchema implements negotiation.EndpointRestrictions.
func (acceptClass) AllowsStreamSchema(s string) bool { return s == "watch" }

func (n negotiator) accept(header string, class acceptClass) (format, bool) {
	key := acceptKey{header: header, class: class}
	if known, ok := n.known[key]; ok {
		return known.format, known.ok
	}
	options, ok := negotiation.NegotiateMediaTypeOptions(header, supportedMediaTypes, class)
	out := accepted{ok: ok}
	if ok {
		switch options.Accepted.MediaType {
		case contentYAML:
			out.format.encoding = encodeYAML
		case contentProtobuf:
			out.format.encoding = encodeProtobuf
		}
		out.format.pretty = options.Pretty
		if options.Convert != nil {
			out.format.as = options.Convert.Kind
			out.format.asVersion = options.Convert.GroupVersion()
		}
	}
	if len(n.known) < 1000 { // headers come from outside
		n.known[key] = out
	}
	return out.format, out.ok
}

// accept reads the Accept header, and whether JSON is to be indented.
func (c *call) accept(class acceptClass) (format, bool) {
	f, ok := c.server.negotiate.accept(c.r.Header.Get("Accept"), class)
	c.pretty = f.pretty || c.prettyByRequest()
	return f, ok
}

// prettyAgents are clients behind which someone reads with their own eyes.
var prettyAgents = []string{"curl", "Wget", "Mozilla/5.0"}

// prettyByRequest: parameter pretty decides, else who is asking.
func (c *call) prettyByRequest() bool {
	if strings.Contains(c.r.URL.RawQuery, "pretty") {
		if value := c.r.URL.Query().Get("pretty"); value != "" {
			pretty, _ := strconv.ParseBool(value)
			return pretty
		}
	}
	agent := c.r.Header.Get("User-Agent")
	return slices.ContainsFunc(prettyAgents, func(prefix string) bool { return strings.HasPrefix(agent, prefix) })
}

// laidOut is a JSON body as the client asked for it. Indented bodies end
// without a newline, as those of the real serializer do.
func (c *call) laidOut(body []byte) []byte {
	if !c.pretty {
		return body
	}
	return indented(body)
}

func indented(body []byte) []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSuffix(body, []byte("\n")), "", "  "); err != nil {
		panic("apiserver: encode: indent: " + err.Error())
	}
	return out.Bytes()
}

// negotiated is the format of a successful answer.
func (c *call) negotiated() (format, error) {
	class := acceptBuiltIn
	if c.kind.Custom {
		class = acceptCustom
	}
	f, ok := c.accept(class)
	if !ok {
		return f, negotiation.NewNotAcceptableError(acceptedNames)
	}
	return f, nil
}

// streamed is the format of a watch.
func (c *call) streamed() (format, error) {
	f, err := c.negotiated()
	if err == nil && f.encoding == encodeYAML {
		return f, negotiation.NewNotAcceptableError([]string{contentJSON + ";stream=watch", contentProtobuf + ";stream=watch"})
	}
	return f, err
}

// input says how the object in the body is encoded.
func (c *call) input() (encoding, error) {
	enc, err := c.inputOptions()
	if err == nil && enc == encodeProtobuf && c.kind.Custom {
		return 0, negotiation.NewUnsupportedMediaTypeError(acceptedNames)
	}
	return enc, err
}

// inputOptions says how options in the body are encoded: they may be protobuf
// even where the objects cannot.
func (c *call) inputOptions() (encoding, error) {
	info, err := negotiation.NegotiateInputSerializerForMediaType(c.r.Header.Get("Content-Type"), false, inputTypes{})
	if err != nil {
		return 0, err
	}
	switch info.MediaType {
	case contentYAML:
		return encodeYAML, nil
	case contentProtobuf:
		return encodeProtobuf, nil
	}
	return encodeJSON, nil
}

// inputTypes is a NegotiatedSerializer as far as negotiation looks.
type inputTypes struct{ runtime.NegotiatedSerializer }

func (inputTypes) SupportedMediaTypes() []runtime.SerializerInfo { return supportedMediaTypes }

// routeAccepts is go-restful's check in front of built-in resources: does any
// accepted type equal, parameters aside, one the route produces?
func routeAccepts(header string, produced []string) bool {
	if header == "" {
		return true
	}
	for _, part := range strings.Split(header, ",") {
		part, _, _ = strings.Cut(part, ";")
		part = strings.TrimSpace(part)
		if part == "*/*" {
			return true
		}
		for _, p := range produced {
			if p == part {
				return true
			}
		}
	}
	return false
}

// errGeneric is the Status that stands for an answer of the HTTP layer.
func errGeneric(code int, message string) error {
	return errors.NewGenericServerResponse(code, "", schema.GroupResource{}, "", message, 0, false)
}
