package slack

// richTextPart is a paragraph of rich text. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
func richTextPart(c *checker, path string, v any) {
	o, _ := v.(object) // fields reports what is no object
	inline := list(0, 1000, richTextInline)
	sh := shape{"!type": oneOf("rich_text_section", "rich_text_preformatted", "rich_text_quote", "rich_text_list"), "!elements": inline}
	switch text(o["type"]) {
	case "rich_text_list":
		sh["!elements"] = list(1, 1000, richTextPart)
		sh["!style"], sh["indent"], sh["offset"], sh["border"] = oneOf("bullet", "ordered"), number(0, 8), number(0, 1e9), number(0, 1)
	case "rich_text_preformatted":
		sh["border"], sh["language"] = number(0, 1), characters(0, 100)
	case "rich_text_quote":
		sh["border"] = number(0, 1)
	}
	c.fields(path, v, sh)
}

// richTextInline is a piece of a paragraph: text, a link, a mention, an emoji or a date.
func richTextInline(c *checker, path string, v any) {
	o, _ := v.(object) // fields reports what is no object
	styles := func(c *checker, path string, v any) {
		c.fields(path, v, shape{"bold": boolean, "italic": boolean, "strike": boolean, "code": boolean, "underline": boolean,
			"highlight": boolean, "client_highlight": boolean, "unlink": boolean})
	}
	own, known := map[string]shape{
		"text": {"!text": characters(1, 40_000)}, "link": {"!url": address(3000), "text": characters(0, 3000), "unsafe": boolean},
		"emoji": {"!name": idRule, "unicode": idRule, "url": address(3000), "skin_tone": number(1, 6)}, "user": {"!user_id": idRule},
		"channel": {"!channel_id": idRule}, "usergroup": {"!usergroup_id": idRule}, "team": {"!team_id": idRule},
		"broadcast": {"!range": oneOf("here", "channel", "everyone")}, "color": {"!value": idRule},
		"date": {"!timestamp": number(0, 1e11), "!format": characters(1, 255), "url": address(3000), "fallback": characters(0, 255)},
	}[text(o["type"])]
	if !known {
		c.fail(path+"/type", "unsupported type: %s", text(o["type"]))
		return
	}
	c.fields(path, v, with(own, shape{"!type": anything, "style": styles}))
}

// cell is a field of a table.
func cell(c *checker, path string, v any) {
	o, _ := v.(object) // fields reports what is no object
	switch text(o["type"]) {
	case "rich_text":
		c.fields(path, v, shape{"!type": anything, "block_id": idRule, "!elements": list(1, 1000, richTextPart)})
	case "raw_number":
		c.fields(path, v, shape{"!type": anything, "!value": anything, "text": characters(1, 2000)})
	default:
		c.fields(path, v, shape{"!type": oneOf("raw_text", "raw_number", "rich_text"), "!text": characters(1, 2000)})
	}
}

func columnSetting(c *checker, path string, v any) {
	c.fields(path, v, shape{"align": oneOf("left", "center", "right"), "is_wrapped": boolean})
}
