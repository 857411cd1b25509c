"""Room on the nodes for apps that wake, held by pods that do nothing and give way to any other.

A wake that finds no room waits for a node: minutes. A placeholder asks for as much as the largest pod that may come, at
a priority below everybody's. The scheduler evicts it at once for a pod that needs its room, and its Deployment makes
another one, which waits for room in the app's stead.
"""
