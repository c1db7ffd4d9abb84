package scenarios

import (
	"encoding/json"
	"fmt"

	"github.com/seatrial/seatrial/internal/format"
)

// header is the comment on top of every file that [Marshal] writes.
const header = "A scenario for seatrial: what happens, when, and what must hold.\n" +
	"Run it with: seatrial run FILE. The format is described in docs/use/scenarios.md."

// Marshal writes a complete, valid plan as a scenario file. [Parse] reads back
// the same plan. The text depends on the plan alone: fields in a fixed order,
// defaults left out, steps and rules on one line each where they fit. It fails
// on a plan that [Plan.Validate] refuses.
func Marshal(p Plan) ([]byte, error) {
	if p.Language == nil {
		p.Language = Basic()
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("writing scenario %q: %w", p.Name, err)
	}
	root := format.NewMapping()
	root.Add("apiVersion", format.Scalar("!!str", APIVersion))
	root.Add("kind", format.Scalar("!!str", Kind))
	if p.Site != nil {
		root.Append(siteFields("").Write(p.Site))
	}
	root.Append(planFields(p.Language).Write(&p))
	return format.Encode(header, root)
}

// JSONSchema describes scenario files in a language (nil: [Basic]), as JSON with
// two spaces of indentation: JSON Schema, draft 2020-12. It accepts what [Parse]
// accepts the form of; what values mean together only Parse can say.
func JSONSchema(language *Language) []byte {
	if language == nil {
		language = Basic()
	}
	s := planFields(language).Schema()
	properties := s["properties"].(format.Schema)
	for name, field := range siteFields("").Schema()["properties"].(format.Schema) {
		properties[name] = field
	}
	properties["apiVersion"] = format.Schema{"const": APIVersion}
	properties["kind"] = format.Schema{"const": Kind}
	s["required"] = append([]any{"apiVersion", "kind"}, s["required"].([]any)...)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "A scenario for seatrial"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("scenarios: the schema cannot be written: %v", err))
	}
	return append(text, '\n')
}
