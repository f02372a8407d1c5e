package parsers

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// TestGuessPage writes lines as consoles of the world do and reads them back.
func TestGuessPage(t *testing.T) {
	tests := []struct {
		name, text string
		page       encoding.Encoding
		want       string
	}{
		{"japanese", "Windows IP 構成\n   ホスト名. . . .: PC-0001\n   デフォルト ゲートウェイ . .: 192.0.2.1\n", japanese.ShiftJIS, "Shift JIS"},
		{"chinese", "Windows IP 配置\n   子网掩码  . . : 255.255.255.0\n   默认网关. . . : 192.0.2.1\n", simplifiedchinese.GBK, "code page 936"},
		{"taiwan", "Windows IP 設定\n   子網路遮罩 . . : 255.255.255.0\n   預設閘道 . . . : 192.0.2.1\n", traditionalchinese.Big5, "code page 950"},
		{"korean", "Windows IP 구성\n   서브넷 마스크 . . : 255.255.255.0\n   기본 게이트웨이 . : 192.0.2.1\n", korean.EUCKR, "code page 949"},
		{"russian_console", "Настройка протокола IP для Windows\n   Маска подсети . . : 255.255.255.0\n", charmap.CodePage866, "code page 866"},
		{"russian", "Настройка протокола IP для Windows\n   Маска подсети . . : 255.255.255.0\n", charmap.Windows1251, "Windows-1251"},
		{"german_console", "Präzision: -23 (119.209ns pro Tick)\nStammverzögerung: 0.03s\nPrüfung der Größe\n", charmap.CodePage850, "code page 850"},
		{"german", "Präzision: -23 (119.209ns pro Tick)\nPrüfung der Größe\n", charmap.Windows1252, "Windows-1252"},
		{"french_console", "Indicateur de dérive\u00a0: 0(Aucun avertissement)\nCouche\u00a0: 4 (Référence secondaire, synchronisée)\nSource\u00a0: x\n", charmap.CodePage850, "code page 850"},
		{"french", "Indicateur de dérive\u00a0: 0(Aucun avertissement)\nÉmetteur\u00a0: CN=x\nactivée, créée, privilégiée\n", charmap.Windows1252, "Windows-1252"},
		{"spanish_console", "Configuración IP\n   Máscara de subred . : 255.255.255.0\n   Dirección física. . : 0\n   Año y compañía\n", charmap.CodePage850, "code page 850"},
		{"portuguese_console", "Configuração de IP\n   Endereço físico . : 0\n   Concessão obtida. : segunda-feira\n", charmap.CodePage850, "code page 850"},
		{"portuguese", "Configuração de IP\n   Máscara de Sub-rede . : 255.255.255.0\nNão é possível\n", charmap.Windows1252, "Windows-1252"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := encoding.ReplaceUnsupported(tt.page.NewEncoder()).String(tt.text)
			if err != nil || utf8.ValidString(raw) {
				t.Fatalf("the text is not one of the page: %v", err)
			}
			got, name := decodeMixed(raw)
			if name != tt.want {
				t.Errorf("read as %s, want %s", name, tt.want)
			}
			if want := tt.text; got != want {
				t.Errorf("got %q\nwant %q", got, want)
			}
		})
	}
}

// TestGuessPageKeepsLines damages text of every page: the lines stay apart.
func TestGuessPageKeepsLines(t *testing.T) {
	for _, lead := range []byte{0x81, 0x83, 0xA4, 0xB0, 0xC0, 0xE0, 0xFE, 0xFF} {
		for _, base := range []string{"\x83z\x83X\x83g\x83z\x83X", "\xc4\xac\xc8\xcf\xcd\xf8\xb9\xd8\xd6\xd0\xb9\xfa\xc8\xcb\xc3\xf1\xb9\xb2", "\xef\xa0\xe1\xaf\xe0\xa0\xe1\xa2\xa5\xe2\xaf\xe0\xa8\xa2\xa5\xe2"} {
			text := base + string([]byte{lead}) + "\r\n" + string([]byte{lead}) + "\n" + base
			got, _ := decodeMixed(text)
			if n := strings.Count(got, "\n"); n != 2 || !utf8.ValidString(got) {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
}
