package web

// The messages of the window around the pages.
//
//	POST desktop/open                              Opened   (asks for a file by the system's dialogue; path "" when the person changed their mind)
//	POST desktop/save               SaveRequest    Saved    (asks where to put what an address of this server answers)

// Opened is the notebook that was chosen.
type Opened struct {
	Path string `json:"path"`
}

// SaveRequest names an address below /api/ whose answer is to be kept as a file.
type SaveRequest struct {
	URL  string `json:"url"`
	Name string `json:"name"` // proposed name of the file
}

// Saved says where the file went; "" when the person changed their mind.
type Saved struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}
