# Homebrew's formula: the tools that write, check and read profiles.  "make
# dist" fills in version, URL and SHA-256.
class Mcfg < Formula
  desc "Tools for Apple configuration profiles"
  homepage "@SITE@"
  url "@SITE@/releases/download/v@VERSION@/mcfg-@VERSION@.tar.gz"
  sha256 "@SHA256@"
  license "ISC"

  depends_on "make" => :build
  depends_on "pkgconf" => :build
  depends_on "expat"
  depends_on "jansson"
  depends_on "libplist"
  depends_on "libyaml"
  depends_on "openssl@3"

  def install
    system "gmake", "ONLY=authoring", "PREFIX=#{prefix}", "install"
  end

  test do
    (testpath/"wifi.yaml").write <<~YAML
      PayloadType: Configuration
      PayloadIdentifier: com.example.wifi
      PayloadDisplayName: Office
      PayloadContent:
      - PayloadType: com.apple.wifi.managed
        PayloadIdentifier: com.example.wifi.office
        SSID_STR: Office
        EncryptionType: None
    YAML
    profile = shell_output("#{bin}/mcfg-profile wifi.yaml")
    (testpath/"wifi.mobileconfig").write profile
    assert_match "Office", shell_output("#{bin}/mcfg-get PayloadDisplayName wifi.mobileconfig")
    system bin/"mcfg-lint", "wifi.mobileconfig"
  end
end
