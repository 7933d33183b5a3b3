using System.Net;

namespace Seguro.Tests.Node.Members;

/// <summary>What the demo kernel answered: which datagram and which event it was, and what was heard.</summary>
readonly record struct HostAnswer(IPEndPoint From, ulong Datagrams, ulong Events, string Text);
