"""What stands behind the contenders: each as quick as its use asks for."""
