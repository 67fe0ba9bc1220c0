# service.rb PORT DIR: a profile service like the one in Apple's "Over-the-Air
# Profile Delivery and Configuration": one Ruby process, which signs with
# OpenSSL and stores nothing.  Passwords are in the same file as for the others.
# Only for tests/bench/flow, which makes DIR.
require 'openssl'
require 'securerandom'
require 'webrick'
require 'webrick/https'

P7 = OpenSSL::PKCS7
port, dir = ARGV
read = ->(f) { File.binread("#{dir}/#{f}") }
CA = OpenSSL::X509::Certificate.new(read['ca.pem'])
KEY = OpenSSL::PKey.read(read['ca.key'])
SIGNER = OpenSSL::X509::Certificate.new(read['signer.pem'])
SIGNER_KEY = OpenSSL::PKey.read(read['signer.key'])
DEVICE_CA = OpenSSL::X509::Certificate.new(read['device-ca.pem'])
CONTENT = read['profile.xml']
URL = "https://localhost:#{port}"
$serial = 100

def uuid
  SecureRandom.uuid
end

def plist(inner)
  '<?xml version="1.0" encoding="UTF-8"?>' \
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" ' \
    '"http://www.apple.com/DTDs/PropertyList-1.0.dtd">' \
    "<plist version=\"1.0\"><dict>#{inner}</dict></plist>\n"
end

def general(type, id)
  "<key>PayloadVersion</key><integer>1</integer><key>PayloadUUID</key>" \
    "<string>#{uuid}</string><key>PayloadOrganization</key><string>Example" \
    "</string><key>PayloadType</key><string>#{type}</string>" \
    "<key>PayloadIdentifier</key><string>#{id}</string>"
end

def sign(text)
  P7.sign(SIGNER, SIGNER_KEY, text, [CA], P7::BINARY).to_der
end

def service_payload
  sign(plist(general('Profile Service', 'com.example.service') +
    "<key>PayloadContent</key><dict><key>URL</key><string>#{URL}/profile" \
    '</string><key>DeviceAttributes</key><array><string>UDID</string>' \
    '<string>VERSION</string></array><key>Challenge</key>' \
    "<string>#{SecureRandom.hex(16)}</string></dict>"))
end

def scep_payload
  sign(plist(general('Configuration', 'com.example.scep') +
    "<key>PayloadContent</key><array><dict>#{general('com.apple.security.scep', 'com.example.scep.0')}" \
    "<key>PayloadContent</key><dict><key>URL</key><string>#{URL}/scep" \
    '</string><key>Subject</key><array><array><array><string>O</string>' \
    '<string>Example</string></array></array><array><array><string>CN' \
    "</string><string>#{uuid}</string></array></array></array>" \
    "<key>Challenge</key><string>#{SecureRandom.hex(16)}</string>" \
    '<key>Keysize</key><integer>2048</integer></dict></dict></array>'))
end

def configuration(device)
  sealed = P7.encrypt([device], CONTENT,
                      OpenSSL::Cipher.new('aes-256-cbc'), P7::BINARY)
  sign(plist(general('Configuration', 'com.example.profile') +
    '<key>EncryptedPayloadContent</key><data>' \
    "#{[sealed.to_der].pack('m')}</data>"))
end

def profile(body)
  p7 = P7.new(body)
  return nil unless p7.verify(nil, OpenSSL::X509::Store.new, nil, P7::NOVERIFY)

  signer = p7.certificates.find { |c| c.issuer == CA.subject }
  return configuration(signer) if signer && signer.verify(CA.public_key)

  p7.certificates.any? { |c| c.verify(DEVICE_CA.public_key) } ? scep_payload : nil
end

def issue(csr)
  cert = OpenSSL::X509::Certificate.new
  cert.version = 2
  cert.serial = ($serial += 1)
  cert.subject = csr.subject
  cert.issuer = CA.subject
  cert.public_key = csr.public_key
  cert.not_before = Time.now
  cert.not_after = Time.now + 86_400 * 365
  ef = OpenSSL::X509::ExtensionFactory.new(CA, cert)
  cert.add_extension(ef.create_extension('keyUsage',
                                         'digitalSignature,keyEncipherment', true))
  cert.sign(KEY, OpenSSL::Digest.new('SHA256'))
end

# A certs-only SignedData: OpenSSL 3 does not write a PKCS7 without content.
def certs_only(cert)
  a = OpenSSL::ASN1
  a::Sequence([a::ObjectId('pkcs7-signedData'), a::ASN1Data.new([a::Sequence([
    a::Integer(1), a::Set([]), a::Sequence([a::ObjectId('pkcs7-data')]),
    a::ASN1Data.new([a.decode(cert.to_der)], 0, :CONTEXT_SPECIFIC), a::Set([])
  ])], 0, :CONTEXT_SPECIFIC)]).to_der
end

def operate(body)
  outer = P7.new(body)
  return nil unless outer.verify(nil, OpenSSL::X509::Store.new, nil, P7::NOVERIFY)

  csr = OpenSSL::X509::Request.new(P7.new(outer.data).decrypt(KEY, CA))
  return nil unless csr.verify(csr.public_key)

  sealed = P7.encrypt(outer.certificates, certs_only(issue(csr)),
                      OpenSSL::Cipher.new('aes-128-cbc'), P7::BINARY)
  P7.sign(CA, KEY, sealed.to_der, [], P7::BINARY).to_der
end

TYPE = 'application/x-apple-aspen-config'.freeze
USERS = File.readlines("#{dir}/users.htpasswd", chomp: true).to_h do |l|
  l.split(':', 2)
end

def send(res, body, type = TYPE)
  res.status = body ? 200 : 403
  res['Content-Type'] = type
  res.body = body.to_s
end

def scep(req, res)
  case req.query_string
  when 'operation=GetCACert'
    send(res, CA.to_der, 'application/x-x509-ca-cert')
  when 'operation=GetCACaps'
    send(res, "POSTPKIOperation\nSHA-256\nAES\n", 'text/plain')
  when 'operation=PKIOperation'
    send(res, operate(req.body), 'application/x-pki-message')
  end
end

world = WEBrick::HTTPServer.new(
  Port: port.to_i, BindAddress: '127.0.0.1', SSLEnable: true,
  SSLCertificate: OpenSSL::X509::Certificate.new(read['tls.pem']),
  SSLPrivateKey: OpenSSL::PKey.read(read['tls.key']),
  Logger: WEBrick::Log.new(File::NULL), AccessLog: [],
  StartCallback: lambda {
    $stdout.puts 'ready'
    $stdout.flush
  }
)
world.mount_proc('/enroll') do |req, res|
  WEBrick::HTTPAuth.basic_auth(req, res, 'Enrollment') do |user, password|
    hash = USERS[user]
    hash && password.crypt(hash) == hash
  end
  send(res, service_payload)
end
world.mount_proc('/profile') { |req, res| send(res, profile(req.body)) }
world.mount_proc('/scep') { |req, res| scep(req, res) }
trap('TERM') { world.shutdown }
world.start
